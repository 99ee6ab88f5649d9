import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '~/api/error'
import { setLanguage, startI18n } from '~/i18n/i18n'
import { useChecks } from './checks'
import { FormCheckbox, FormDialog, FormInput } from './fields'
import { useSaveForm } from './useSaveForm'

interface Values {
  name: string
  email: string
  active: boolean
}
const save = vi.fn(async (_: Values): Promise<void> => {})
const onSaved = vi.fn()

function Probe() {
  const { required, email } = useChecks()
  const form = useSaveForm<Values, void>({
    values: { name: '', email: 'a@b', active: true },
    save,
    onSaved,
    fieldOf: (name) => (name === 'mail' ? 'email' : name),
  })
  return (
    <FormDialog form={form} onClose={() => {}} title="Probe">
      <FormInput form={form} name="name" label="Name" checks={[required]} />
      <FormInput form={form} name="email" label="E-mail" checks={[email]} />
      <FormCheckbox form={form} name="active" label="Active" />
    </FormDialog>
  )
}

const show = () =>
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Probe />
    </QueryClientProvider>,
  )
const press = (name: string) => userEvent.click(screen.getByRole('button', { name }))
const problem = (field: string) => {
  const control = screen.getByLabelText(field)
  return document.getElementById(control.getAttribute('aria-describedby') ?? '')?.textContent
}

beforeAll(() => startI18n('en'))
beforeEach(async () => {
  save.mockReset()
  onSaved.mockReset()
  await setLanguage('en')
})

test('an empty field is named in the language on screen, gets the focus, and nothing is sent', async () => {
  show()
  await press('Save')
  await waitFor(() => expect(problem('Name')).toBe('This is required.'))
  expect(document.activeElement).toBe(screen.getByLabelText('Name'))
  expect(screen.getByLabelText('Name').getAttribute('aria-invalid')).toBe('true')
  expect(save).not.toHaveBeenCalled()
})

test('in Bangla the same field is named in Bangla', async () => {
  await setLanguage('bn')
  show()
  await press('সেভ করুন')
  await waitFor(() => expect(problem('Name')).toMatch(/[\u0980-\u09FF]/))
  expect(save).not.toHaveBeenCalled()
})

test('what is typed is sent', async () => {
  show()
  await userEvent.type(screen.getByLabelText('Name'), 'রহিম')
  await userEvent.click(screen.getByLabelText('Active'))
  await press('Save')
  await waitFor(() => expect(onSaved).toHaveBeenCalledOnce())
  expect(save.mock.calls[0]?.[0]).toEqual({ name: 'রহিম', email: 'a@b', active: false })
})

test('what the server refuses stands at its field, and goes when the field is changed', async () => {
  save.mockRejectedValueOnce(
    new ApiError({ status: 422, code: 'invalid_email', detail: 'No.', field: 'mail' }),
  )
  show()
  await userEvent.type(screen.getByLabelText('Name'), 'Rahim')
  await press('Save')
  await waitFor(() => expect(problem('E-mail')).toBe('This is not an e-mail address.'))
  expect(screen.queryByRole('alert')).toBeNull()
  await userEvent.type(screen.getByLabelText('E-mail'), 'c')
  await waitFor(() => expect(problem('E-mail')).toBeUndefined())
})

test('what was refused can be sent again unchanged', async () => {
  save.mockRejectedValueOnce(
    new ApiError({ status: 422, code: 'invalid_value', detail: 'No.', field: 'name' }),
  )
  show()
  await userEvent.type(screen.getByLabelText('Name'), 'Rahim')
  await press('Save')
  await waitFor(() => expect(problem('Name')).toBe('This value is not accepted.'))
  await press('Save')
  await waitFor(() => expect(onSaved).toHaveBeenCalledOnce())
  expect(save).toHaveBeenCalledTimes(2)
})

test('what belongs to no field is an alert', async () => {
  save.mockRejectedValueOnce(new ApiError({ status: 403, code: 'forbidden', detail: 'No.' }))
  show()
  await userEvent.type(screen.getByLabelText('Name'), 'Rahim')
  await press('Save')
  expect((await screen.findByRole('alert')).textContent).toBe('You are not allowed to do this.')
  expect(onSaved).not.toHaveBeenCalled()
})
